import { NodeApiError, NodeConnectionTypes, NodeOperationError } from 'n8n-workflow';
import type {
  IDataObject,
  IExecuteFunctions,
  INodeExecutionData,
  INodeType,
  INodeTypeDescription,
  JsonObject,
} from 'n8n-workflow';

import { authentication, credentials } from '../../shared/authentication';
import { loadOptions } from '../../shared/options';
import { call, download } from '../../shared/requests';
import { actions, properties } from './actions';
import { inputOf } from './inputs';

const DOWNLOAD = 'download_pdf';

async function downloaded(node: IExecuteFunctions, item: number): Promise<INodeExecutionData> {
  const id = node.getNodeParameter('id', item) as string;
  const property = node.getNodeParameter('binaryPropertyName', item) as string;
  const facturx = node.getNodeParameter('facturx', item) as boolean;
  const sale = await call(node, 'GET', `/v1/sales/${encodeURIComponent(id)}`);
  const pdf = await download(node, `/v1/sales/${encodeURIComponent(id)}/pdf${facturx ? '?facturx=true' : ''}`);
  const name = `${String(sale.number ?? sale.id)}.pdf`;
  const binary = await node.helpers.prepareBinaryData(pdf, name, 'application/pdf');
  return { json: sale, binary: { [property]: binary }, pairedItem: { item } };
}

async function performed(node: IExecuteFunctions, item: number): Promise<INodeExecutionData> {
  const operation = node.getNodeParameter('operation', item) as string;
  if (operation === DOWNLOAD) {
    return await downloaded(node, item);
  }
  const body = await inputOf(node, item, actions[operation]);
  const json = await call<IDataObject>(node, 'POST', `/v1/actions/${operation}`, { body });
  return { json, pairedItem: { item } };
}

export class Ledgerwire implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Ledgerwire',
    name: 'ledgerwire',
    icon: { light: 'file:ledgerwire.svg', dark: 'file:ledgerwire.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{ $parameter["operation"] }}',
    description: 'Work with clients, sales documents, payments and collections in Ledgerwire',
    defaults: { name: 'Ledgerwire' },
    usableAsTool: true,
    inputs: [NodeConnectionTypes.Main],
    outputs: [NodeConnectionTypes.Main],
    credentials,
    properties: [authentication, ...properties],
  };

  methods = { loadOptions };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    const made: INodeExecutionData[] = [];
    for (let item = 0; item < this.getInputData().length; item += 1) {
      try {
        made.push(await performed(this, item));
      } catch (error) {
        if (!this.continueOnFail()) {
          throw error instanceof NodeApiError
            ? new NodeApiError(this.getNode(), error as unknown as JsonObject, { itemIndex: item })
            : new NodeOperationError(this.getNode(), error as Error, { itemIndex: item });
        }
        const { message, description } = error as Error & { description?: string };
        made.push({ json: { error: message, description }, pairedItem: { item } });
      }
    }
    return [made];
  }
}
