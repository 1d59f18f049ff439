import { NodeOperationError } from 'n8n-workflow';
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

// From the node's parameters to the API's nested input, as the fields of the operation say.

export type Kind = 'value' | 'date' | 'json' | 'file' | 'list' | 'many';

export interface ActionField {
  name: string; // of the parameter: the path with two underscores between its parts
  kind: Kind;
  required?: true;
  children?: ActionField[];
}

const isEmpty = (value: unknown) => value === undefined || value === null || value === '';

function put(object: IDataObject, name: string, value: unknown): void {
  const path = name.split('__');
  const last = path.pop() as string;
  let inner = object;
  for (const part of path) {
    inner[part] ??= {};
    inner = inner[part] as IDataObject;
  }
  inner[last] = value as IDataObject;
}

function parsed(node: IExecuteFunctions, item: number, name: string, value: unknown): unknown {
  if (typeof value !== 'string') {
    return value;
  }
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new NodeOperationError(node.getNode(), `${name}: must be JSON (${(error as Error).message})`, {
      itemIndex: item,
    });
  }
}

async function fileOf(node: IExecuteFunctions, item: number, property: string): Promise<IDataObject> {
  const { fileName } = node.helpers.assertBinaryData(item, property);
  const content = await node.helpers.getBinaryDataBuffer(item, property);
  return { ...(fileName ? { name: fileName } : {}), content: content.toString('base64') };
}

function read(node: IExecuteFunctions, item: number, field: ActionField, value: unknown): unknown {
  switch (field.kind) {
    case 'date':
      return String(value).slice(0, 10);
    case 'json':
      return parsed(node, item, field.name, value);
    case 'many':
      return (Array.isArray(value) ? value : String(value).split(',')).map((one) => String(one).trim());
    case 'list': {
      const rows = ((value as IDataObject).item ?? []) as IDataObject[];
      return rows.map((row) => nested(node, item, field.children ?? [], row));
    }
    default:
      return value;
  }
}

function nested(node: IExecuteFunctions, item: number, fields: ActionField[], given: IDataObject): IDataObject {
  const made: IDataObject = {};
  for (const field of fields) {
    if (!isEmpty(given[field.name])) {
      put(made, field.name, read(node, item, field, given[field.name]));
    }
  }
  return made;
}

export async function inputOf(node: IExecuteFunctions, item: number, fields: ActionField[]): Promise<IDataObject> {
  const given = { ...(node.getNodeParameter('additionalFields', item, {}) as IDataObject) };
  for (const { name, required } of fields) {
    if (required) {
      given[name] = node.getNodeParameter(name, item) as IDataObject;
    }
  }
  const made = nested(node, item, fields, given);
  for (const { name, kind } of fields) {
    const property = given[`${name}__binary`];
    if (kind === 'file' && !isEmpty(property)) {
      put(made, name, await fileOf(node, item, String(property)));
    }
  }
  return made;
}
