/** The folder of package.json, from wherever the app is started. */
import { fileURLToPath } from 'node:url';

export const sourceRoot = fileURLToPath(new URL('..', import.meta.url));
