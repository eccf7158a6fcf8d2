/** Runs the services until it is killed: prints their endpoints as one line of JSON. */
import { startServices } from '../../../local/services/services.ts';

const [, , dataDir = ''] = process.argv;
const { endpoints } = await startServices({ dataDir, secretPrefix: 'postern/' });
process.stdout.write(`${JSON.stringify(endpoints)}\n`);
