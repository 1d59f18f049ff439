'use strict';

const { hookTrigger } = require('../lib/triggers');

module.exports = {
  key: 'run_failed',
  noun: 'Run',
  display: {
    label: 'Automation Run Failed',
    description: 'Triggers when a run of an automation fails. An automation on this trigger that fails itself fires nothing.',
  },
  operation: hookTrigger({
    type: 'run.failed',
    inputFields: [
      {
        key: 'filter__automation_id',
        label: 'Automation',
        type: 'string',
        list: true,
        helpText: 'Only events with one of these; every one if empty.',
      },
    ],
    sample: {
      id: '0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e',
      type: 'run.failed',
      timestamp: '2026-03-02T09:30:00+00:00',
      data: {
        id: '0198f7c4-ef00-7a10-8d50-6a7b8c9d0e1f',
        automation_id: '0198f7c4-0e00-7b20-9e61-7b8c9d0e1f2a',
        version: 1,
        event_id: '0198f7c4-5a00-7c30-af72-8c9d0e1f2a3b',
        trigger_key: 'sale.posted',
        state: 'failed',
        step_no: 1,
        due_at: null,
        error: 'step 1 (http_request): answered 404: no such list',
        replays: 0,
        created_at: '2026-03-02T09:30:01+00:00',
        finished_at: '2026-03-02T09:30:02+00:00',
        automation_name: 'New invoices to the mailing list',
      },
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'type', label: 'Type', type: 'string' },
      { key: 'timestamp', label: 'Timestamp', type: 'string' },
      { key: 'data__id', label: 'ID', type: 'string' },
      { key: 'data__automation_id', label: 'Automation', type: 'string' },
      { key: 'data__version', label: 'Version', type: 'integer' },
      { key: 'data__event_id', label: 'Event', type: 'string' },
      { key: 'data__trigger_key', label: 'Trigger Key', type: 'string' },
      { key: 'data__state', label: 'State', type: 'string' },
      { key: 'data__step_no', label: 'Step No', type: 'integer' },
      { key: 'data__error', label: 'Error', type: 'string' },
      { key: 'data__replays', label: 'Replays', type: 'integer' },
      { key: 'data__created_at', label: 'Created At', type: 'string' },
      { key: 'data__finished_at', label: 'Finished At', type: 'string' },
      { key: 'data__automation_name', label: 'Automation Name', type: 'string' },
    ],
  }),
};
