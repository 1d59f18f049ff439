'use strict';

const { actionCreate } = require('../lib/actions');

module.exports = {
  key: 'send_direct',
  noun: 'over PayTraq Direct',
  display: {
    label: 'Send over PayTraq Direct',
    description: 'Delivers an invoice to the buyer\'s own purchase inbox.',
  },
  operation: actionCreate({
    action: 'send_direct',
    inputFields: [
      { key: 'sale_id', label: 'Sale', type: 'string', required: true, search: 'find_sale.id' },
      {
        key: 'url',
        label: 'URL',
        type: 'string',
        helpText: 'The buyer\'s Direct address, unless a connection holds it.',
      },
      { key: 'format', label: 'Format', type: 'string', choices: { paytraq: 'Paytraq', ubl: 'Ubl' } },
    ],
    sample: {
      status: 200,
      sale_id: '0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d',
      message_id: '0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e',
      duplicate: false,
    },
    outputFields: [
      { key: 'status', label: 'Status', type: 'integer' },
      { key: 'sale_id', label: 'Sale', type: 'string' },
      { key: 'message_id', label: 'Message', type: 'string' },
      { key: 'duplicate', label: 'Duplicate', type: 'boolean' },
    ],
  }),
};
