import type { INodeCredentialDescription, INodeProperties } from 'n8n-workflow';

export const credentials: INodeCredentialDescription[] = [
  { name: 'ledgerwireApi', required: true, displayOptions: { show: { authentication: ['accessToken'] } } },
  { name: 'ledgerwireOAuth2Api', required: true, displayOptions: { show: { authentication: ['oAuth2'] } } },
];

export const authentication: INodeProperties = {
  displayName: 'Authentication',
  name: 'authentication',
  type: 'options',
  options: [
    { name: 'Access Token', value: 'accessToken' },
    { name: 'OAuth2', value: 'oAuth2' },
  ],
  default: 'accessToken',
};
