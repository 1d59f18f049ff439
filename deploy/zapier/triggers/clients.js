'use strict';

const { listTrigger } = require('../lib/lists');

module.exports = {
  key: 'clients',
  noun: 'Client',
  display: { label: 'List Clients', description: 'Lists the clients to choose from.', hidden: true },
  operation: listTrigger({
    path: '/v1/clients',
    labelled: (client) => client.name,
    sample: { id: '0198f7c4-0a00-7a10-8a51-0c2d3e4f5a6b', name: 'A client' },
  }),
};
