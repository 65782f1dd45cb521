/** The API of images. */
import type { ImageService } from '../../../images/service.types.ts';
import { del, get, post, type Route } from '../../router.ts';
import { deleteImage, getImage, getImageHistory, getImagesJson, postImagesPrune, postImageTag } from './objects.ts';
import { getImagesArchive, postImagePush, postImagesCreate, postImagesLoad } from './transfer.ts';

export function imageRoutes(images: ImageService): Route[] {
  return [
    get('/images/json', getImagesJson(images)),
    post('/images/create', postImagesCreate(images)),
    post('/images/load', postImagesLoad(images)),
    post('/images/prune', postImagesPrune(images)),
    get('/images/get', getImagesArchive(images)),
    get('/images/{name+}/get', getImagesArchive(images)),
    get('/images/{name+}/json', getImage(images)),
    get('/images/{name+}/history', getImageHistory(images)),
    post('/images/{name+}/push', postImagePush(images)),
    post('/images/{name+}/tag', postImageTag(images)),
    del('/images/{name+}', deleteImage(images)),
  ];
}
