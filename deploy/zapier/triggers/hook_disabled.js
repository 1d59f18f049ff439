'use strict';

const { hookTrigger } = require('../lib/triggers');

module.exports = {
  key: 'hook_disabled',
  noun: 'Hook',
  display: {
    label: 'Hook Disabled',
    description: 'Triggers when a hook is switched off: its receiver answered 410 (removed) or failed for days (disabled).',
  },
  operation: hookTrigger({
    type: 'hook.disabled',
    inputFields: [
      {
        key: 'filter__state',
        label: 'State',
        type: 'string',
        list: true,
        helpText: 'Only events with one of these; every one if empty.',
        choices: { disabled: 'Disabled', removed: 'Removed' },
      },
      {
        key: 'filter__target_url',
        label: 'Target',
        type: 'string',
        list: true,
        helpText: 'Only events with one of these; every one if empty.',
      },
    ],
    sample: {
      id: '0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e',
      type: 'hook.disabled',
      timestamp: '2026-03-02T09:30:00+00:00',
      data: {
        id: '0198f7c4-1c00-7d40-8f72-8c9d0e1f2a3b',
        target_url: 'https://receiver.example/hook',
        triggers: ['sale.posted'],
        filters: {},
        ordered: null,
        rate_per_second: null,
        concurrency: null,
        name: 'Accounting',
        state: 'disabled',
        reason: 'only failures for 5 days',
        created_by: { kind: 'access_token', id: '0198f7c4-0400-7e50-8a61-7b8c9d0e1f2a', name: 'Accounting' },
        created_at: '2026-01-12T08:15:00+00:00',
        updated_at: '2026-03-02T09:30:00+00:00',
      },
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'type', label: 'Type', type: 'string' },
      { key: 'timestamp', label: 'Timestamp', type: 'string' },
      { key: 'data__id', label: 'ID', type: 'string' },
      { key: 'data__target_url', label: 'Target URL', type: 'string' },
      { key: 'data__name', label: 'Name', type: 'string' },
      { key: 'data__state', label: 'State', type: 'string' },
      { key: 'data__reason', label: 'Reason', type: 'string' },
      { key: 'data__created_by__kind', label: 'Created by Kind', type: 'string' },
      { key: 'data__created_by__id', label: 'Created By', type: 'string' },
      { key: 'data__created_by__name', label: 'Created by Name', type: 'string' },
      { key: 'data__created_at', label: 'Created At', type: 'string' },
      { key: 'data__updated_at', label: 'Updated At', type: 'string' },
    ],
  }),
};
