import { TestBundle } from '../../runtime/bundle.ts';
import { rows } from '../../runtime/fields/rows.ts';

/** Runs in the machine: every row of docs/oci.md, a line of JSON each. The program's path is the argument. */
const bundle = new TestBundle(() => {}, process.argv[2]);
for (const [field, { proof }] of Object.entries(rows)) {
  bundle.reset();
  let problem = '';
  try {
    await proof(bundle);
  } catch (error) {
    problem = (error as Error).message.slice(0, 600);
  }
  console.log(JSON.stringify({ field, problem }));
}
// The machine goes with its containers.
process.exit(0);
