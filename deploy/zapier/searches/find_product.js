'use strict';

const { actionSearch } = require('../lib/actions');

module.exports = {
  key: 'find_product',
  noun: 'Product',
  display: {
    label: 'Find Product',
    description: 'Finds a product by code, external id or name; nothing found is no error.',
  },
  operation: actionSearch({
    action: 'find_product',
    finds: 'product',
    inputFields: [
      { key: 'code', label: 'Code', type: 'string' },
      { key: 'external_id', label: 'External ID', type: 'string' },
      { key: 'query', label: 'Query', type: 'string', helpText: 'Part of a name.' },
    ],
    sample: {
      id: '0198f7c4-1b00-7e20-9b62-1d3e4f5a6b7c',
      code: 'CONSULT',
      name: 'Consulting',
      type: 'service',
      description: 'One hour of consulting',
      barcode: null,
      unit: 'hour',
      unit_price: '138.66',
      currency: 'EUR',
      tax_rate: '19',
      tax_category: 'S',
      external_id: 'shop-77',
      archived: false,
      created_at: '2026-03-02T08:05:00+00:00',
      updated_at: '2026-03-02T08:05:00+00:00',
    },
    outputFields: [
      { key: 'id', label: 'ID', type: 'string' },
      { key: 'code', label: 'Code', type: 'string' },
      { key: 'name', label: 'Name', type: 'string' },
      { key: 'type', label: 'Type', type: 'string' },
      { key: 'description', label: 'Description', type: 'string' },
      { key: 'unit', label: 'Unit', type: 'string' },
      { key: 'unit_price', label: 'Unit Price', type: 'string' },
      { key: 'currency', label: 'Currency', type: 'string' },
      { key: 'tax_rate', label: 'Tax Rate', type: 'string' },
      { key: 'tax_category', label: 'Tax Category', type: 'string' },
      { key: 'external_id', label: 'External ID', type: 'string' },
      { key: 'archived', label: 'Archived', type: 'boolean' },
      { key: 'created_at', label: 'Created At', type: 'string' },
      { key: 'updated_at', label: 'Updated At', type: 'string' },
    ],
  }),
};
