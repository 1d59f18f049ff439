'use strict';

module.exports = {
  find_client: {
    key: 'find_client',
    display: { label: 'Find or Create Client', description: 'Finds a client, or creates one if none is found.' },
    search: 'find_client',
    create: 'create_client',
  },
  find_product: {
    key: 'find_product',
    display: { label: 'Find or Create Product', description: 'Finds a product, or creates one if none is found.' },
    search: 'find_product',
    create: 'create_product',
  },
  find_sale: {
    key: 'find_sale',
    display: {
      label: 'Find or Create Sales Document',
      description: 'Finds a sales document, or creates one if none is found.',
    },
    search: 'find_sale',
    create: 'create_document',
  },
};
