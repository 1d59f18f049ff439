// tsc leaves the icons where they are; n8n looks for them beside the compiled code.
import { cpSync } from 'node:fs';

for (const folder of ['nodes/Ledgerwire', 'nodes/LedgerwireTrigger', 'credentials']) {
  for (const icon of ['ledgerwire.svg', 'ledgerwire.dark.svg']) {
    cpSync(`${folder}/${icon}`, `dist/${folder}/${icon}`);
  }
}
