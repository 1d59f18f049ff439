'use strict';

// Files of an event or a result: downloaded when a later step wants them, with the connection's credentials.

const { baseOf } = require('./requests');

const download = (z, bundle) => {
  const response = z.request({
    url: `${baseOf(bundle)}${bundle.inputData.path}`,
    headers: { Accept: '*/*' },
    raw: true,
  });
  return z.stashFile(response, undefined, bundle.inputData.name);
};

const later = (z, url, name) => z.dehydrateFile(download, { path: new URL(url).pathname, name });

// A document with an address of its PDF gets the PDF as `pdf`, a message with a file gets its bytes as `file.content`.
const withFiles = (z, thing) => {
  const made = { ...thing };
  if (thing.pdf_url) {
    made.pdf = later(z, thing.pdf_url, `${thing.number || thing.id}.pdf`);
  }
  if (thing.file && thing.file.url) {
    made.file = { ...thing.file, content: later(z, thing.file.url, thing.file.name) };
  }
  return made;
};

module.exports = { download, withFiles };
