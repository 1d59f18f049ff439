'use strict';

const { actionCreate } = require('../lib/actions');

module.exports = {
  key: 'add_note',
  noun: 'Note',
  display: { label: 'Add Note', description: 'Adds a note to a client.' },
  operation: actionCreate({
    action: 'add_note',
    inputFields: [
      {
        key: 'client_id',
        label: 'Client',
        type: 'string',
        required: true,
        dynamic: 'clients.id.name',
        search: 'find_client.id',
      },
      { key: 'body', label: 'Body', type: 'text', required: true },
      { key: 'sale_id', label: 'Sale', type: 'string', search: 'find_sale.id' },
      {
        key: 'kind',
        label: 'Kind',
        type: 'string',
        choices: { note: 'Note', call: 'Call', dispute: 'Dispute' },
      },
      { key: 'pinned', label: 'Pinned', type: 'boolean' },
      {
        key: 'needs_response',
        label: 'Needs Response',
        type: 'boolean',
        helpText: 'No reminder goes out before it is resolved.',
      },
      { key: 'origin', label: 'Origin', type: 'string', choices: { own: 'Own', external: 'External' } },
    ],
    sample: {
      id: '0198f7c4-8f00-7aa0-9dea-9f1a2b3c4d5e',
      client_id: '0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b',
      client: {
        id: '0198f7c4-1a00-7d10-8a51-0c2d3e4f5a6b',
        name: 'Ozola Design SIA',
        email: 'aija@ozola.example',
        external_id: 'crm-1042',
      },
      sale_id: '0198f7c4-4c00-7f30-8c73-2e4f5a6b7c8d',
      kind: 'note',
      body: 'Asked for the invoice to be sent to the accountant.',
      pinned: false,
      needs_response: false,
      resolved_at: null,
      origin: 'own',
      created_at: '2026-03-19T10:00:00+00:00',
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'client_id', label: 'Client', type: 'string' },
      { key: 'client__id', label: 'Client', type: 'string' },
      { key: 'client__name', label: 'Client Name', type: 'string' },
      { key: 'client__email', label: 'Client Email', type: 'string' },
      { key: 'client__external_id', label: 'Client External ID', type: 'string' },
      { key: 'sale_id', label: 'Sale', type: 'string' },
      { key: 'kind', label: 'Kind', type: 'string' },
      { key: 'body', label: 'Body', type: 'string' },
      { key: 'pinned', label: 'Pinned', type: 'boolean' },
      { key: 'needs_response', label: 'Needs Response', type: 'boolean' },
      { key: 'origin', label: 'Origin', type: 'string' },
      { key: 'created_at', label: 'Created At', type: 'string' },
    ],
  }),
};
