/** The API of containers. */
import type { ContainerService } from '../../../containers/service.types.ts';
import { del, get, head, post, put, type Route } from '../../router.ts';
import {
  getContainersArchive,
  getContainersChanges,
  getContainersExport,
  headContainersArchive,
  postCommit,
  putContainersArchive,
} from './files.ts';
import { getContainersAttachWs, getContainersLogs, postContainersAttach } from './io.ts';
import {
  deleteContainer,
  postContainersCreate,
  postContainersKill,
  postContainersPause,
  postContainersPrune,
  postContainersRename,
  postContainersResize,
  postContainersRestart,
  postContainersStart,
  postContainersStop,
  postContainersUnpause,
  postContainersUpdate,
  postContainersWait,
} from './lifecycle.ts';
import { getContainer, getContainersJson, getContainersStats, getContainersTop } from './view.ts';

export function containerRoutes(containers: ContainerService): Route[] {
  return [
    get('/containers/json', getContainersJson(containers)),
    post('/containers/create', postContainersCreate(containers)),
    post('/containers/prune', postContainersPrune(containers)),
    get('/containers/{id}/json', getContainer(containers)),
    get('/containers/{id}/top', getContainersTop(containers)),
    get('/containers/{id}/stats', getContainersStats(containers)),
    get('/containers/{id}/logs', getContainersLogs(containers)),
    post('/containers/{id}/start', postContainersStart(containers)),
    post('/containers/{id}/stop', postContainersStop(containers)),
    post('/containers/{id}/restart', postContainersRestart(containers)),
    post('/containers/{id}/kill', postContainersKill(containers)),
    post('/containers/{id}/pause', postContainersPause(containers)),
    post('/containers/{id}/unpause', postContainersUnpause(containers)),
    post('/containers/{id}/rename', postContainersRename(containers)),
    post('/containers/{id}/update', postContainersUpdate(containers)),
    post('/containers/{id}/resize', postContainersResize(containers)),
    post('/containers/{id}/wait', postContainersWait(containers)),
    post('/containers/{id}/attach', postContainersAttach(containers), { hijacks: true }),
    get('/containers/{id}/attach/ws', getContainersAttachWs(containers), { hijacks: true }),
    get('/containers/{id}/changes', getContainersChanges(containers)),
    get('/containers/{id}/export', getContainersExport(containers)),
    head('/containers/{id}/archive', headContainersArchive(containers)),
    get('/containers/{id}/archive', getContainersArchive(containers)),
    put('/containers/{id}/archive', putContainersArchive(containers)),
    post('/commit', postCommit(containers)),
    del('/containers/{id}', deleteContainer(containers)),
  ];
}
