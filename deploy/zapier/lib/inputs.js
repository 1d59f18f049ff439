'use strict';

// From Zapier's flat fields to the API's nested input, as the fields of the operation say.

const isEmpty = (value) => value === undefined || value === null || value === '';

const put = (object, path, value) => {
  const [name, ...rest] = path;
  if (rest.length === 0) {
    object[name] = value;
  } else {
    object[name] = object[name] || {};
    put(object[name], rest, value);
  }
};

const parsed = (z, field, value) => {
  if (typeof value !== 'string') {
    return value;
  }
  try {
    return JSON.parse(value);
  } catch (error) {
    throw new z.errors.Error(`${field.label}: must be JSON (${error.message})`, 'invalid_input', 422);
  }
};

const one = (z, field, value) => {
  if (field.type === 'json') {
    return parsed(z, field, value);
  }
  if (field.meta && field.meta.date) {
    return String(value).slice(0, 10);
  }
  if (field.type === 'integer' && typeof value === 'string') {
    return Number(value);
  }
  if (field.type === 'boolean' && typeof value === 'string') {
    return ['true', 'yes', '1'].includes(value.toLowerCase());
  }
  return field.type === undefined || ['string', 'text', 'datetime'].includes(field.type) ? String(value) : value;
};

const object = (z, fields, data, prefix) => {
  const made = {};
  for (const field of fields) {
    const value = data[field.key];
    if (isEmpty(value) || (Array.isArray(value) && value.length === 0)) {
      continue;
    }
    const path = field.key.slice(prefix.length).split('__');
    if (field.children) {
      put(made, path, [].concat(value).map((item) => object(z, field.children, item, `${field.key}__`)));
    } else if (field.list) {
      put(made, path, [].concat(value).filter((item) => !isEmpty(item)).map((item) => one(z, field, item)));
    } else {
      put(made, path, field.dict ? value : one(z, field, value));
    }
  }
  return made;
};

const inputOf = (z, bundle, fields) => object(z, fields, bundle.inputData, '');

module.exports = { inputOf };
