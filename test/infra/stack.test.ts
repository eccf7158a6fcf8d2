/** The promises of the stack, one test each; read together because synthesizing takes longer than all of them. */
import './stack/storage.ts';
import './stack/functions.ts';
import './stack/rights.ts';
import './stack/listener.ts';
import './stack/ses.ts';
import './stack/options.ts';
import './stack/local.ts';
import './stack/alarms.ts';
