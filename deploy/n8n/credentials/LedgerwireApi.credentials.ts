import type {
  IAuthenticateGeneric,
  Icon,
  ICredentialTestRequest,
  ICredentialType,
  INodeProperties,
} from 'n8n-workflow';

export class LedgerwireApi implements ICredentialType {
  name = 'ledgerwireApi';

  displayName = 'Ledgerwire API';

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
    {
      displayName: 'Access Token',
      name: 'accessToken',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
    },
  ];

  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { headers: { Authorization: '=Bearer {{$credentials.accessToken}}' } },
  };

  test: ICredentialTestRequest = {
    request: { baseURL: '={{$credentials.baseUrl.replace(new RegExp("/+$"), "")}}', url: '/v1/me' },
  };
}
