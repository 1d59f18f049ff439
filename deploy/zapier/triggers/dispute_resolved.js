'use strict';

const { hookTrigger } = require('../lib/triggers');

module.exports = {
  key: 'dispute_resolved',
  noun: 'Dispute',
  display: {
    label: 'Dispute Resolved',
    description: 'Triggers when a dispute is resolved; its invoice is collected again.',
  },
  operation: hookTrigger({
    type: 'dispute.resolved',
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
      type: 'dispute.resolved',
      timestamp: '2026-03-02T09:30:00+00:00',
      data: {
        id: '0198f7c4-ab00-7cc0-9f0c-1b3c4d5e6f7a',
        sale_id: '0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d',
        client_id: '0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b',
        client: {
          id: '0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b',
          name: 'Ozola Design SIA',
          email: 'aija@ozola.example',
          external_id: 'crm-1042',
        },
        number: 'INV-2026-000042',
        reason: 'The hours were agreed at a lower price.',
        state: 'resolved',
        resolution: 'Price confirmed.',
        created_at: '2026-03-20T09:00:00+00:00',
        resolved_at: '2026-03-23T09:00:00+00:00',
      },
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'type', label: 'Type', type: 'string' },
      { key: 'timestamp', label: 'Timestamp', type: 'string' },
      { key: 'data__id', label: 'ID', type: 'string' },
      { key: 'data__sale_id', label: 'Sale', type: 'string' },
      { key: 'data__client_id', label: 'Client', type: 'string' },
      { key: 'data__client__id', label: 'Client', type: 'string' },
      { key: 'data__client__name', label: 'Client Name', type: 'string' },
      { key: 'data__client__email', label: 'Client Email', type: 'string' },
      { key: 'data__client__external_id', label: 'Client External ID', type: 'string' },
      { key: 'data__number', label: 'Number', type: 'string' },
      { key: 'data__reason', label: 'Reason', type: 'string' },
      { key: 'data__state', label: 'State', type: 'string' },
      { key: 'data__resolution', label: 'Resolution', type: 'string' },
      { key: 'data__created_at', label: 'Created At', type: 'string' },
      { key: 'data__resolved_at', label: 'Resolved At', type: 'string' },
    ],
  }),
};
