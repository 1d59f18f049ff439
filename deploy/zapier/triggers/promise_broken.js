'use strict';

const { hookTrigger } = require('../lib/triggers');

module.exports = {
  key: 'promise_broken',
  noun: 'Promise',
  display: {
    label: 'Promise Broken',
    description: 'Triggers when the promised date is over and the amount has not come in.',
  },
  operation: hookTrigger({
    type: 'promise.broken',
    inputFields: [
      {
        key: 'filter__client_id',
        label: 'Client',
        type: 'string',
        list: true,
        helpText: 'Only events with one of these; every one if empty.',
        dynamic: 'clients.id.name',
      },
    ],
    sample: {
      id: '0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e',
      type: 'promise.broken',
      timestamp: '2026-03-02T09:30:00+00:00',
      data: {
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
        state: 'broken',
        created_at: '2026-03-24T13:00:00+00:00',
        ended_at: '2026-03-31T22:00:00+00:00',
      },
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'type', label: 'Type', type: 'string' },
      { key: 'timestamp', label: 'Timestamp', type: 'string' },
      { key: 'data__id', label: 'ID', type: 'string' },
      { key: 'data__client_id', label: 'Client', type: 'string' },
      { key: 'data__client__id', label: 'Client', type: 'string' },
      { key: 'data__client__name', label: 'Client Name', type: 'string' },
      { key: 'data__client__email', label: 'Client Email', type: 'string' },
      { key: 'data__client__external_id', label: 'Client External ID', type: 'string' },
      { key: 'data__date', label: 'Date', type: 'string' },
      { key: 'data__amount', label: 'Amount', type: 'string' },
      { key: 'data__currency', label: 'Currency', type: 'string' },
      { key: 'data__state', label: 'State', type: 'string' },
      { key: 'data__created_at', label: 'Created At', type: 'string' },
      { key: 'data__ended_at', label: 'Ended At', type: 'string' },
    ],
  }),
};
