/** The three templates that the promises are read from, synthesized once for all of them. */
import { synthesize } from '../../../infra/synthesize.ts';

/** As cdk.json says: no direct sending. */
export const usual = await synthesize({});
export const direct = await synthesize({ postern: { directSending: true } });
export const local = await synthesize({ local: true });
