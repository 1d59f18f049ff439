'use strict';

// Runs the compiled nodes with the interfaces that n8n gives them, over real HTTP: a call a line in, its result out.

const readline = require('readline');

const root = process.argv[2];
const { Ledgerwire } = require(`${root}/dist/nodes/Ledgerwire/Ledgerwire.node.js`);
const { LedgerwireTrigger } = require(`${root}/dist/nodes/LedgerwireTrigger/LedgerwireTrigger.node.js`);
const { LedgerwireOAuth2Api } = require(`${root}/dist/credentials/LedgerwireOAuth2Api.credentials.js`);
const { LedgerwireApi } = require(`${root}/dist/credentials/LedgerwireApi.credentials.js`);

// The settings of the credentials by OAuth, their expressions filled in as n8n does.
const oauth2 = {
  settings() {
    const self = this.getCredentialsNow();
    const filledIn = (text) => text.slice(1).replace(/{{(.*?)}}/g, (_, code) => new Function('$self', `return ${code}`)(self));
    const resolved = (value) => (String(value).startsWith('=') ? filledIn(value) : value);
    return Object.fromEntries(new LedgerwireOAuth2Api().properties.map((one) => [one.name, resolved(one.default)]));
  },
};
const nodes = { action: new Ledgerwire(), trigger: new LedgerwireTrigger(), oauth2 };

const filled = (template, credentials) => template.replace('={{$credentials.accessToken}}', credentials.accessToken)
  .replace('=Bearer {{$credentials.accessToken}}', `Bearer ${credentials.accessToken}`);

const request = (credentials) =>
  async function httpRequestWithAuthentication(type, options) {
    const url = new URL(options.url);
    Object.entries(options.qs || {}).forEach(([name, value]) => url.searchParams.set(name, value));
    const authenticated = new LedgerwireApi().authenticate.properties.headers;
    const headers = { ...options.headers };
    for (const [name, value] of Object.entries(authenticated)) {
      headers[name] = filled(value, credentials);
    }
    if (type === 'ledgerwireOAuth2Api') {
      headers.Authorization = `Bearer ${credentials.oauthTokenData.access_token}`;
    }
    if (options.body) {
      headers['Content-Type'] = 'application/json';
    }
    const body = options.body && JSON.stringify(options.body);
    const response = await fetch(url, { method: options.method, headers, body });
    const { except = [], ignore } = options.ignoreHttpStatusErrors;
    if (ignore && except.includes(response.status)) {
      throw new Error(`status ${response.status}`);
    }
    const text = options.encoding === 'arraybuffer' ? await response.arrayBuffer() : await response.text();
    const isJson = options.json && (response.headers.get('content-type') || '').includes('json');
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.headers),
      body: isJson ? JSON.parse(text) : text,
    };
  };

const functions = (given, answered) => {
  const parameters = (name, ...rest) => {
    const fallback = typeof rest[0] === 'number' ? rest[1] : rest[0];
    return name in given.parameters ? given.parameters[name] : fallback;
  };
  const binary = given.binary || {};
  return {
    getNode: () => ({ id: '1', name: 'Ledgerwire', type: 'ledgerwire', typeVersion: 1, position: [0, 0], parameters: {} }),
    getNodeParameter: parameters,
    getCredentials: async () => given.credentials,
    getCredentialsNow: () => given.credentials,
    getInputData: () => [{ json: {} }],
    continueOnFail: () => given.continueOnFail === true,
    getWorkflowStaticData: () => given.kept,
    getNodeWebhookUrl: () => given.webhookUrl,
    getRequestObject: () => ({ rawBody: Buffer.from(given.body || '', 'base64') }),
    getHeaderData: () => given.headers || {},
    getBodyData: () => JSON.parse(Buffer.from(given.body || '', 'base64').toString() || '{}'),
    getResponseObject: () => ({
      status(code) {
        answered.status = code;
        return { json: (body) => Object.assign(answered, { body }) };
      },
    }),
    helpers: {
      httpRequestWithAuthentication: request(given.credentials),
      prepareBinaryData: async (bytes, fileName, mimeType) => ({ data: bytes.toString('base64'), fileName, mimeType }),
      assertBinaryData: (item, property) => binary[property],
      getBinaryDataBuffer: async (item, property) => Buffer.from(binary[property].data, 'base64'),
    },
  };
};

const methodOf = (node, path) => path.split('.').reduce((found, name) => found[name], node);

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, node, method, given } = JSON.parse(line);
  const answered = {};
  let answer;
  try {
    const returned = await methodOf(nodes[node], method).call(functions(given, answered));
    answer = { results: { returned, kept: given.kept, answered } };
  } catch (error) {
    answer = { error: { name: error.name, message: error.message } };
  }
  process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`);
});
