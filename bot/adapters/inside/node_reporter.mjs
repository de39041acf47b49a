// A reporter for `node --test`: one JSON line per test, under the path of its file. Node's own JUnit
// names no file before Node 22, so tests of the same name in two files could not be told apart.
import { relative } from 'node:path';

const names = [];

function line(type, data) {
  const file = data.file ? relative(process.cwd(), data.file) : '';
  const error = data.details?.error;
  const isSuite = data.details?.type === 'suite';
  // A suite or a file speaks for itself only when it broke without a test of its own.
  if (isSuite && (type === 'test:pass' || error?.failureType === 'subtestsFailed')) return '';
  const isFile = data.nesting === 0 && data.file === data.name;
  const path = isFile ? [] : [...names.slice(0, data.nesting), data.name];
  const isSkipped = data.skip !== undefined || data.todo !== undefined;
  const outcome = isSkipped ? 'skip' : type === 'test:pass' ? 'pass' : 'fail';
  const message = String(error?.cause?.stack ?? error?.cause ?? error ?? '');
  return JSON.stringify({ file, test: path.join(' > '), outcome, message }) + '\n';
}

export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type === 'test:start') names[data.nesting] = data.name;
    if (type === 'test:pass' || type === 'test:fail') yield line(type, data);
  }
}
