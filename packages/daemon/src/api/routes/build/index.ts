/** The API of builds. */
import type { BuildService } from '../../../builder/service.types.ts';
import { post, type Route } from '../../router.ts';
import { postBuild } from './build.ts';
import { postBuildPrune } from './prune.ts';

export function buildRoutes(builder: BuildService): Route[] {
  return [post('/build', postBuild(builder)), post('/build/prune', postBuildPrune(builder))];
}
