/** Where the native build of this checkout is. */
import { join } from 'node:path';

export const nativeDirectory = process.env['TSDOCKER_NATIVE_DIR'] ?? join(import.meta.dirname, '../../build/Release');
