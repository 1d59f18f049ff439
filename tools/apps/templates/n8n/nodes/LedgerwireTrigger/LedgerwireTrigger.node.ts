import { NodeConnectionTypes } from 'n8n-workflow';
import type {
  IDataObject,
  IHookFunctions,
  INodeExecutionData,
  INodeType,
  INodeTypeDescription,
  IWebhookFunctions,
  IWebhookResponseData,
} from 'n8n-workflow';

import { authentication, credentials } from '../../shared/authentication';
import { loadOptions } from '../../shared/options';
import { call, download, find } from '../../shared/requests';
import { faultOf } from '../../shared/signature';
import { properties } from './events';

const UNAUTHORIZED = 401;

// What is kept of the hook at Ledgerwire; its secret is shown once.
interface Kept {
  hookId?: string;
  secret?: string;
}

interface Hook {
  id: string;
  secret?: string;
  state: string;
  target_url: string;
  triggers: string[];
}

interface Event {
  data: IDataObject;
}

function filtersOf(node: IHookFunctions): IDataObject {
  const made: IDataObject = {};
  const given = node.getNodeParameter('filters', {}) as IDataObject;
  for (const [name, value] of Object.entries(given)) {
    const values = (Array.isArray(value) ? value : String(value).split(',')).map((one) => String(one).trim());
    const wanted = values.filter((one) => one !== '');
    if (wanted.length > 0) {
      made[name.replace(/__/g, '.')] = wanted;
    }
  }
  return made;
}

async function itemOf(node: IWebhookFunctions, event: Event): Promise<INodeExecutionData> {
  const { pdf_url: url, number, id } = event.data;
  const item: INodeExecutionData = { json: event as unknown as IDataObject };
  if (node.getNodeParameter('downloadPdf') === true && typeof url === 'string') {
    const pdf = await download(node, new URL(url).pathname);
    const name = `${String(number ?? id)}.pdf`;
    item.binary = { data: await node.helpers.prepareBinaryData(pdf, name, 'application/pdf') };
  }
  return item;
}

export class LedgerwireTrigger implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'Ledgerwire Trigger',
    name: 'ledgerwireTrigger',
    icon: { light: 'file:ledgerwire.svg', dark: 'file:ledgerwire.dark.svg' },
    group: ['trigger'],
    version: 1,
    subtitle: '={{ $parameter["event"] }}',
    description: 'Starts the workflow when something happens in Ledgerwire',
    defaults: { name: 'Ledgerwire Trigger' },
    inputs: [],
    outputs: [NodeConnectionTypes.Main],
    credentials,
    webhooks: [{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' }],
    properties: [authentication, ...properties],
  };

  methods = { loadOptions };

  webhookMethods = {
    default: {
      async checkExists(this: IHookFunctions): Promise<boolean> {
        const { hookId, secret } = this.getWorkflowStaticData('node') as Kept;
        if (!hookId || !secret) {
          return false;
        }
        const hook = await find<Hook>(this, `/v1/hooks/${hookId}`);
        return (
          hook?.state === 'active' &&
          hook.target_url === this.getNodeWebhookUrl('default') &&
          hook.triggers.join() === this.getNodeParameter('event')
        );
      },
      async create(this: IHookFunctions): Promise<boolean> {
        const body = {
          target_url: this.getNodeWebhookUrl('default'),
          triggers: [this.getNodeParameter('event') as string],
          filters: filtersOf(this),
        };
        const hook = await call<Hook & IDataObject>(this, 'POST', '/v1/hooks', { body });
        // The same hook may be there from before, and then its secret is not shown again.
        const secret = hook.secret ?? (await call(this, 'POST', `/v1/hooks/${hook.id}/rotate-secret`)).secret;
        Object.assign(this.getWorkflowStaticData('node'), { hookId: hook.id, secret });
        return true;
      },
      async delete(this: IHookFunctions): Promise<boolean> {
        const kept = this.getWorkflowStaticData('node') as Kept;
        if (kept.hookId) {
          await call(this, 'DELETE', `/v1/hooks/${kept.hookId}`);
        }
        delete kept.hookId;
        delete kept.secret;
        return true;
      },
    },
  };

  async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
    const request = this.getRequestObject();
    const { secret } = this.getWorkflowStaticData('node') as Kept;
    const headers = this.getHeaderData() as Record<string, string>;
    const delivery = {
      id: headers['webhook-id'],
      timestamp: headers['webhook-timestamp'],
      signatures: headers['webhook-signature'],
      body: request.rawBody ?? Buffer.alloc(0),
    };
    const fault = secret ? faultOf(delivery, secret, Date.now() / 1000) : 'this workflow has no hook at Ledgerwire';
    if (fault) {
      this.getResponseObject().status(UNAUTHORIZED).json({ error: fault });
      return { noWebhookResponse: true };
    }
    return { workflowData: [[await itemOf(this, this.getBodyData() as unknown as Event)]] };
  }
}
