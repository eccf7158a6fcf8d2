/** Runs commands one after another in one process, so that a test of many commands loads the program once. */
import { main } from '../../cli/main.ts';

type Written = { readonly out: string; readonly err: string };

process.on('message', (words: string[]) => {
  void run(words);
});

async function run(words: readonly string[]): Promise<void> {
  const [out, err] = [captured(process.stdout), captured(process.stderr)];
  const code = await main(words);
  const written: Written = { out: out.end(), err: err.end() };
  process.send?.({ code, ...written });
}

function captured(stream: NodeJS.WriteStream): { end(): string } {
  const chunks: Buffer[] = [];
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array): boolean => {
    chunks.push(Buffer.from(chunk as string));
    return true;
  };
  return {
    end() {
      stream.write = write;
      return Buffer.concat(chunks).toString();
    },
  };
}
