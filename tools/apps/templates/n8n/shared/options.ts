import type { IDataObject, ILoadOptionsFunctions, INodePropertyOptions } from 'n8n-workflow';

import { call } from './requests';

// What lists choose from: the newest of the account's own things.

const SHOWN_MAX = 200;

interface Page {
  items: IDataObject[];
}

async function options(
  node: ILoadOptionsFunctions,
  path: string,
  named: (item: IDataObject) => string,
): Promise<INodePropertyOptions[]> {
  const { items } = await call<Page>(node, 'GET', path, { qs: { limit: SHOWN_MAX } });
  return items.map((item) => ({ name: named(item), value: String(item.id) }));
}

export const loadOptions = {
  async getClients(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
    return await options(this, '/v1/clients', (client) => String(client.name));
  },
  async getProducts(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
    return await options(this, '/v1/products', (product) => `${String(product.code)} ${String(product.name)}`);
  },
  async getCollectors(this: ILoadOptionsFunctions): Promise<INodePropertyOptions[]> {
    return await options(this, '/v1/collectors', (collector) => String(collector.name));
  },
};
