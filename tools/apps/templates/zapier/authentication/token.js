'use strict';

const { me } = require('../lib/requests');

module.exports = {
  type: 'custom',
  test: me,
  connectionLabel: '{{account__name}}',
  fields: [
    {
      key: 'instance_url',
      label: 'Instance URL',
      type: 'string',
      required: true,
      placeholder: 'https://books.example.com',
      helpText: 'The address of your Ledgerwire, as your browser shows it.',
    },
    {
      key: 'access_token',
      label: 'Access Token',
      type: 'password',
      required: true,
      helpText: 'Create one in the console of Ledgerwire under **Access tokens**; it is shown once.',
    },
  ],
};
