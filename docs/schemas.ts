/** A JSON Schema of each form, for editors: what they complete and check is what the gateway reads. */
import { z } from 'zod';
import { forms, type FormName } from '../mail/document/forms.ts';

type Schema = Record<string, unknown> & {
  properties?: Record<string, unknown>;
  required?: string[];
  description?: string;
};

export function schemaOf(form: FormName): Schema {
  const schema = z.toJSONSchema(forms[form], {
    io: 'input',
    override: ({ jsonSchema }) => forEditors(jsonSchema as Schema),
  }) as Schema;
  const { $schema, description, properties, required, ...rest } = schema;
  return {
    $schema,
    title: form,
    description,
    ...rest,
    properties: { ...keys(form), ...properties, ...written },
    required: ['form', 'name', ...(required ?? [])],
  };
}

/** Our notes about a field become part of what the editor shows. */
function forEditors(schema: Schema): void {
  const { domino, description } = schema;
  if (typeof domino === 'string' && domino !== 'none')
    schema.description = `${description} (Domino: ${domino})`;
  delete schema['domino'];
  delete schema['place'];
  if ((schema.required as unknown) === true) delete schema.required;
}

function keys(form: FormName): Record<string, unknown> {
  return {
    form: { const: form, description: 'Partition key.' },
    name: { type: 'string', minLength: 1, description: 'Sort key: the name of the document.' },
  };
}

const ofGateway = 'Written by the gateway; ignored when you write it.';
const written = {
  problems: { type: 'array', items: { type: 'string' }, description: ofGateway },
  warnings: { type: 'array', items: { type: 'string' }, description: ofGateway },
  publishedAt: { type: 'string', format: 'date-time', description: ofGateway },
};
