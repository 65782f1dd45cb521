/** The API of execs. */
import type { ContainerService } from '../../../containers/service.types.ts';
import { get, post, type Route } from '../../router.ts';
import { getExec, postContainersExec, postExecResize, postExecStart } from './exec.ts';

export function execRoutes(containers: ContainerService): Route[] {
  return [
    post('/containers/{id}/exec', postContainersExec(containers)),
    post('/exec/{id}/start', postExecStart(containers), { hijacks: true }),
    post('/exec/{id}/resize', postExecResize(containers)),
    get('/exec/{id}/json', getExec(containers)),
  ];
}
