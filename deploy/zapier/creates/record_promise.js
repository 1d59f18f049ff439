'use strict';

const { actionCreate } = require('../lib/actions');

module.exports = {
  key: 'record_promise',
  noun: 'Promise',
  display: {
    label: 'Record Promise',
    description: 'Records that a client will pay by a date; reminders rest until then.',
  },
  operation: actionCreate({
    action: 'record_promise',
    inputFields: [
      {
        key: 'client_id',
        label: 'Client',
        type: 'string',
        required: true,
        dynamic: 'clients.id.name',
        search: 'find_client.id',
      },
      { key: 'date', label: 'Date', type: 'datetime', required: true, meta: { date: true } },
      { key: 'currency', label: 'Currency', type: 'string' },
      { key: 'amount', label: 'Amount', type: 'string' },
      { key: 'sale_ids', label: 'Sales', type: 'string', list: true, search: 'find_sale.id' },
    ],
    sample: {
      id: '0198f7c4-bc00-7dd0-8a1d-2c4d5e6f7a8b',
      client_id: '0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b',
      client: {
        id: '0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b',
        name: 'Ozola Design SIA',
        email: 'aija@ozola.example',
        external_id: 'crm-1042',
      },
      date: '2026-03-31',
      amount: '165.01',
      currency: 'EUR',
      sale_ids: ['0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d'],
      state: 'open',
      created_at: '2026-03-24T13:00:00+00:00',
      ended_at: null,
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'client_id', label: 'Client', type: 'string' },
      { key: 'client__id', label: 'Client', type: 'string' },
      { key: 'client__name', label: 'Client Name', type: 'string' },
      { key: 'client__email', label: 'Client Email', type: 'string' },
      { key: 'client__external_id', label: 'Client External ID', type: 'string' },
      { key: 'date', label: 'Date', type: 'string' },
      { key: 'amount', label: 'Amount', type: 'string' },
      { key: 'currency', label: 'Currency', type: 'string' },
      { key: 'state', label: 'State', type: 'string' },
      { key: 'created_at', label: 'Created At', type: 'string' },
    ],
  }),
};
