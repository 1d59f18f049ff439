'use strict';

const { listTrigger } = require('../lib/lists');

module.exports = {
  key: 'products',
  noun: 'Product',
  display: { label: 'List Products', description: 'Lists the products to choose from.', hidden: true },
  operation: listTrigger({
    path: '/v1/products',
    labelled: (product) => `${product.code} ${product.name}`,
    sample: { id: '0198f7c4-0a00-7a10-8a51-0c2d3e4f5a6b', name: 'A product' },
  }),
};
