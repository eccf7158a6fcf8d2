/** `npm start`'s gateway, its functions taken from the bundles in BUNDLES instead of from their sources. */
import { startGateway } from '../../local/gateway.ts';
import { readOptions } from '../../local/options.ts';

const bundles = process.env['BUNDLES'] ?? '';
const gateway = await startGateway({ ...readOptions(process.env), bundles });
process.once('SIGTERM', () => void gateway.stop().then(() => process.exit(0)));
