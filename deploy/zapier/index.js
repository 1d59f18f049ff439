'use strict';

const { version: platformVersion } = require('zapier-platform-core');

const { version } = require('./package.json');
const creates = require('./creates');
const files = require('./lib/files');
const requests = require('./lib/requests');
const searches = require('./searches');
const searchOrCreates = require('./search_or_creates');
const triggers = require('./triggers');

// Zapier allows an app one way to sign in. An access token needs nothing else on the side of Ledgerwire; OAuth needs an
// application that its operator has registered there.
const WAYS = { token: './authentication/token', oauth2: './authentication/oauth2' };
const way = process.env.LEDGERWIRE_ZAPIER_AUTH || 'token';
if (!WAYS[way]) {
  throw new Error(`LEDGERWIRE_ZAPIER_AUTH is ${way}: use token or oauth2`);
}

module.exports = {
  version,
  platformVersion,
  authentication: require(WAYS[way]),
  beforeRequest: [requests.sign],
  afterResponse: [requests.refuse],
  // Statuses are read in lib/requests.js, whose errors name the field and the remedy.
  flags: { skipThrowForStatus: true },
  hydrators: { downloadFile: files.download },
  triggers,
  creates,
  searches,
  searchOrCreates,
};
