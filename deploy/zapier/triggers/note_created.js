'use strict';

const { hookTrigger } = require('../lib/triggers');

module.exports = {
  key: 'note_created',
  noun: 'Note',
  display: {
    label: 'New Note',
    description: 'Triggers when a note is added to a client: by hand, from a call, or with a dispute\'s reason.',
  },
  operation: hookTrigger({
    type: 'note.created',
    inputFields: [
      {
        key: 'filter__kind',
        label: 'Kind of Note',
        type: 'string',
        list: true,
        helpText: 'Only events with one of these; every one if empty.',
        choices: { note: 'Note', call: 'Call', dispute: 'Dispute' },
      },
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
      type: 'note.created',
      timestamp: '2026-03-02T09:30:00+00:00',
      data: {
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
        author: { kind: 'access_token', id: '0198f7c4-0b00-7c41-9d84-3f5a6b7c8d9e', name: 'Accounting' },
        created_at: '2026-03-19T10:00:00+00:00',
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
      { key: 'data__sale_id', label: 'Sale', type: 'string' },
      { key: 'data__kind', label: 'Kind', type: 'string' },
      { key: 'data__body', label: 'Body', type: 'string' },
      { key: 'data__pinned', label: 'Pinned', type: 'boolean' },
      { key: 'data__needs_response', label: 'Needs Response', type: 'boolean' },
      { key: 'data__origin', label: 'Origin', type: 'string' },
      { key: 'data__author__kind', label: 'Author Kind', type: 'string' },
      { key: 'data__author__id', label: 'Author', type: 'string' },
      { key: 'data__author__name', label: 'Author Name', type: 'string' },
      { key: 'data__created_at', label: 'Created At', type: 'string' },
    ],
  }),
};
