'use strict';

const { actionCreate } = require('../lib/actions');

module.exports = {
  key: 'send_sms',
  noun: 'SMS',
  display: { label: 'Send SMS', description: 'Sends a text message.' },
  operation: actionCreate({
    action: 'send_sms',
    inputFields: [
      {
        key: 'to',
        label: 'To',
        type: 'string',
        required: true,
        helpText: 'A number in international form, such as +371 20000000.',
      },
      { key: 'body', label: 'Body', type: 'string', required: true },
    ],
    sample: { message_id: 'SM0198f7c4', to: '+37120000000' },
    outputFields: [{ key: 'message_id', label: 'Message', type: 'string' }, { key: 'to', label: 'To', type: 'string' }],
  }),
};
