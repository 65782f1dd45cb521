/** The API of the daemon itself. */
import type { EventBus } from '../../../events/bus.ts';
import type { SystemService } from '../../../system/service.ts';
import { get, head, type Route } from '../../router.ts';
import { getEvents } from './events.ts';
import { getInfo, getPing, getSystemDf, getVersion } from './system.ts';

export function systemRoutes(system: SystemService, events: EventBus): Route[] {
  return [
    get('/_ping', getPing),
    head('/_ping', getPing),
    get('/info', getInfo(system)),
    get('/version', getVersion(system)),
    get('/events', getEvents(events)),
    get('/system/df', getSystemDf(system)),
  ];
}
