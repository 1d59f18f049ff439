'use strict';

const { hookTrigger } = require('../lib/triggers');

module.exports = {
  key: 'quota_reached',
  noun: 'Quota',
  display: {
    label: 'Plan Limit Reached',
    description: 'Triggers when something is refused because the plan\'s limit is reached; once in a period.',
  },
  operation: hookTrigger({
    type: 'quota.reached',
    inputFields: [
      {
        key: 'filter__quota',
        label: 'Limit',
        type: 'string',
        list: true,
        helpText: 'Only events with one of these; every one if empty.',
        choices: { clients: 'Clients', products: 'Products' },
      },
    ],
    sample: {
      id: '0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e',
      type: 'quota.reached',
      timestamp: '2026-03-02T09:30:00+00:00',
      data: {
        quota: 'clients',
        limit: 500,
        used: 500,
        refused: 'create_client',
        period_start: '2026-03-01',
        period_end: '2026-03-31',
      },
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'type', label: 'Type', type: 'string' },
      { key: 'timestamp', label: 'Timestamp', type: 'string' },
      { key: 'data__quota', label: 'Quota', type: 'string' },
      { key: 'data__limit', label: 'Limit', type: 'integer' },
      { key: 'data__used', label: 'Used', type: 'integer' },
      { key: 'data__refused', label: 'Refused', type: 'string' },
      { key: 'data__period_start', label: 'Period Start', type: 'string' },
      { key: 'data__period_end', label: 'Period End', type: 'string' },
    ],
  }),
};
