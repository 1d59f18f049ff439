'use strict';

const { actionCreate } = require('../lib/actions');

module.exports = {
  key: 'open_dispute',
  noun: 'Dispute',
  display: { label: 'Open Dispute', description: 'Marks an invoice as disputed, with its reason.' },
  operation: actionCreate({
    action: 'open_dispute',
    inputFields: [
      { key: 'sale_id', label: 'Sale', type: 'string', required: true, search: 'find_sale.id' },
      { key: 'reason', label: 'Reason', type: 'text', required: true },
      { key: 'note', label: 'Note', type: 'text', helpText: 'Details, for the note that is created.' },
    ],
    sample: {
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
      state: 'open',
      resolution: null,
      created_at: '2026-03-20T09:00:00+00:00',
      resolved_at: null,
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'sale_id', label: 'Sale', type: 'string' },
      { key: 'client_id', label: 'Client', type: 'string' },
      { key: 'client__id', label: 'Client', type: 'string' },
      { key: 'client__name', label: 'Client Name', type: 'string' },
      { key: 'client__email', label: 'Client Email', type: 'string' },
      { key: 'client__external_id', label: 'Client External ID', type: 'string' },
      { key: 'number', label: 'Number', type: 'string' },
      { key: 'reason', label: 'Reason', type: 'string' },
      { key: 'state', label: 'State', type: 'string' },
      { key: 'created_at', label: 'Created At', type: 'string' },
    ],
  }),
};
