'use strict';

const { baseOf, me } = require('../lib/requests');

// `ledgerwire oauth-client create Zapier --confidential --redirect-uri ...` gives both; they are settings of the app's
// version at Zapier (`zapier-platform env:set`).
const application = () => ({ client_id: process.env.CLIENT_ID, client_secret: process.env.CLIENT_SECRET });

const tokensFrom = async (z, bundle, body) => {
  const response = await z.request({
    method: 'POST',
    url: `${baseOf(bundle)}/oauth/token`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: { ...body, ...application() },
  });
  return { access_token: response.data.access_token, refresh_token: response.data.refresh_token };
};

const getAccessToken = (z, bundle) =>
  tokensFrom(z, bundle, {
    grant_type: 'authorization_code',
    code: bundle.inputData.code,
    redirect_uri: bundle.inputData.redirect_uri,
    code_verifier: bundle.inputData.code_verifier,
  });

const refreshAccessToken = (z, bundle) =>
  tokensFrom(z, bundle, { grant_type: 'refresh_token', refresh_token: bundle.authData.refresh_token });

const authorizeUrl = (z, bundle) => {
  const asked = new URL(`${baseOf(bundle)}/oauth/authorize`);
  asked.search = new URLSearchParams({
    response_type: 'code',
    client_id: process.env.CLIENT_ID,
    redirect_uri: bundle.inputData.redirect_uri,
    state: bundle.inputData.state,
    scope: 'read write automate',
    code_challenge: bundle.inputData.code_challenge,
    code_challenge_method: 'S256',
  }).toString();
  return asked.toString();
};

module.exports = {
  type: 'oauth2',
  test: me,
  connectionLabel: '{{account__name}}',
  oauth2Config: { authorizeUrl, getAccessToken, refreshAccessToken, autoRefresh: true, enablePkce: true },
  fields: [
    {
      key: 'instance_url',
      label: 'Instance URL',
      type: 'string',
      required: true,
      placeholder: 'https://books.example.com',
      helpText: 'The address of your Ledgerwire, as your browser shows it.',
    },
  ],
};
