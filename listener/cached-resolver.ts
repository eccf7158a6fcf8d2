/** DNS answers about peers and senders, remembered for a while: who sends much would otherwise be asked for each time. */
import type { Resolver } from '../mail/relay/doors.ts';

const mostRemembered = 10_000;

export function cachedResolver(resolver: Resolver, seconds: number): Resolver {
  const addresses = remember(seconds, (key: string) => {
    const [host = '', family] = key.split(' ');
    return resolver.addresses(host, family === undefined ? undefined : (Number(family) as 4 | 6));
  });
  const mx = remember(seconds, (domain: string) => resolver.mx(domain));
  const txt = remember(seconds, (name: string) => resolver.txt(name));
  const ptr = remember(seconds, (address: string) => resolver.ptr(address));
  return {
    addresses: (host, family) => addresses(family === undefined ? host : `${host} ${family}`),
    mx,
    ptr,
    txt,
  };
}

/** Answers only: what failed is asked again. Questions asked at the same time are asked once. */
function remember<T>(seconds: number, ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, { readonly answer: Promise<T>; readonly until: number }>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined && before.until > performance.now()) return before.answer;
    if (known.size >= mostRemembered) known.clear();
    const answer = ask(key);
    known.set(key, { answer, until: performance.now() + seconds * 1000 });
    answer.catch(() => known.delete(key));
    return answer;
  };
}
