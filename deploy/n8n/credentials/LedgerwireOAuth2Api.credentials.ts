import type { Icon, ICredentialType, INodeProperties } from 'n8n-workflow';

export class LedgerwireOAuth2Api implements ICredentialType {
  name = 'ledgerwireOAuth2Api';

  extends = ['oAuth2Api'];

  displayName = 'Ledgerwire OAuth2 API';

  documentationUrl = 'https://ledgerwire.example/n8n';

  icon: Icon = { light: 'file:ledgerwire.svg', dark: 'file:ledgerwire.dark.svg' };

  properties: INodeProperties[] = [
    {
      displayName: 'Instance URL',
      name: 'baseUrl',
      type: 'string',
      default: '',
      placeholder: 'https://books.example.com',
      required: true,
    },
    { displayName: 'Grant Type', name: 'grantType', type: 'hidden', default: 'pkce' },
    {
      displayName: 'Authorization URL',
      name: 'authUrl',
      type: 'hidden',
      default: '={{$self["baseUrl"].replace(new RegExp("/+$"), "")}}/oauth/authorize',
      required: true,
    },
    {
      displayName: 'Access Token URL',
      name: 'accessTokenUrl',
      type: 'hidden',
      default: '={{$self["baseUrl"].replace(new RegExp("/+$"), "")}}/oauth/token',
      required: true,
    },
    { displayName: 'Scope', name: 'scope', type: 'hidden', default: 'read write automate' },
    { displayName: 'Auth URI Query Parameters', name: 'authQueryParameters', type: 'hidden', default: '' },
    { displayName: 'Authentication', name: 'authentication', type: 'hidden', default: 'header' },
  ];
}
