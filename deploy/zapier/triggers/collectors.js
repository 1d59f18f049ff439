'use strict';

const { listTrigger } = require('../lib/lists');

module.exports = {
  key: 'collectors',
  noun: 'Collector',
  display: { label: 'List Collectors', description: 'Lists the collectors to choose from.', hidden: true },
  operation: listTrigger({
    path: '/v1/collectors',
    labelled: (collector) => collector.name,
    sample: { id: '0198f7c4-0a00-7a10-8a51-0c2d3e4f5a6b', name: 'A collector' },
  }),
};
