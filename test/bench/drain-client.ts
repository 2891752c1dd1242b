// Fetches an address `count` times, one after another, and throws the bytes away; prints the seconds and the bytes. A process of its own, as a user's script is.
import { Agent, get } from 'node:http';

const [url = '', count = '1', token] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });

function drain(): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    get(url, { agent, headers }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`answer ${answer.statusCode}`));
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('end', () => resolve(bytes));
      answer.on('error', reject);
    }).on('error', reject);
  });
}

const start = process.hrtime.bigint();
let bytes = 0;
for (let index = 0; index < Number(count); index += 1) bytes += await drain();
process.stdout.write(JSON.stringify({ seconds: Number(process.hrtime.bigint() - start) / 1e9, bytes }));
agent.destroy();
