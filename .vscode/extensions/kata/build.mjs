// Notes which sources `out/` was compiled from, so that a test can tell when it is stale.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const hash = createHash('sha256');
for (const name of readdirSync('src').sort()) hash.update(readFileSync(`src/${name}`));
writeFileSync('out/sources.sha256', `${hash.digest('hex')}\n`);
