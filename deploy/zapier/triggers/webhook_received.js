'use strict';

const { hookTrigger } = require('../lib/triggers');

module.exports = {
  key: 'webhook_received',
  noun: 'Webhook',
  display: {
    label: 'Webhook Received',
    description: 'Triggers when JSON or a form is posted to a channel of kind hook.',
  },
  operation: hookTrigger({
    type: 'webhook.received',
    inputFields: [
      {
        key: 'filter__channel__id',
        label: 'Channel',
        type: 'string',
        list: true,
        helpText: 'Only events with one of these; every one if empty.',
      },
      {
        key: 'filter__channel__name',
        label: 'Channel\'s Name',
        type: 'string',
        list: true,
        helpText: 'Only events with one of these; every one if empty.',
      },
    ],
    sample: {
      id: '0198f7c4-5a00-7c3e-9d1b-6f2a4b8c0d1e',
      type: 'webhook.received',
      timestamp: '2026-03-02T09:30:00+00:00',
      data: {
        id: '0198f7c4-de00-7ff0-8c3f-4e6f7a8b9c0d',
        channel: { id: '0198f7c4-0f10-7a00-9d40-5f7a8b9c0d1e', kind: 'hook', name: 'Web shop' },
        received_at: '2026-03-02T09:30:00+00:00',
        content_type: 'application/json',
        body: { order: '9001', total: '165.01' },
      },
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'type', label: 'Type', type: 'string' },
      { key: 'timestamp', label: 'Timestamp', type: 'string' },
      { key: 'data__id', label: 'ID', type: 'string' },
      { key: 'data__channel__id', label: 'Channel', type: 'string' },
      { key: 'data__channel__kind', label: 'Channel Kind', type: 'string' },
      { key: 'data__channel__name', label: 'Channel Name', type: 'string' },
      { key: 'data__received_at', label: 'Received At', type: 'string' },
      { key: 'data__content_type', label: 'Content Type', type: 'string' },
      { key: 'data__body__order', label: 'Body Order', type: 'string' },
      { key: 'data__body__total', label: 'Body Total', type: 'string' },
    ],
  }),
};
