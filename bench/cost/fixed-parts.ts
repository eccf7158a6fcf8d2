/** What the stack has whether mail comes or not, read from the synthesized template. */
import { localTemplate } from '../../local/template-cache.ts';

type Properties = Readonly<Record<string, unknown>>;
interface Resource {
  readonly Type: string;
  readonly Properties?: Properties;
}

export interface FixedParts {
  readonly tasks: number;
  readonly taskVcpu: number;
  readonly taskGb: number;
  /** One public address of the load balancer in each zone. */
  readonly balancerAddresses: number;
  readonly alarms: number;
  readonly compositeAlarms: number;
  readonly dashboards: number;
  readonly eventSources: number;
  readonly schedulesPerHour: number;
  /** By the name that the function's folder has. */
  readonly functionMemoryMb: Readonly<Record<string, number>>;
}

/** Synthesized as for this machine, whose direct queue a stack without direct sending lacks. */
export async function fixedParts(): Promise<FixedParts> {
  return partsOf((await localTemplate()) as { Resources: Record<string, Resource> });
}

export function partsOf(template: { readonly Resources: Readonly<Record<string, Resource>> }): FixedParts {
  const of = (type: string): Properties[] =>
    Object.values(template.Resources)
      .filter((one) => one.Type === type)
      .map((one) => one.Properties ?? {});
  const [task = {}] = of('AWS::ECS::TaskDefinition');
  const [service = {}] = of('AWS::ECS::Service');
  const [balancer = {}] = of('AWS::ElasticLoadBalancingV2::LoadBalancer');
  return {
    tasks: Number(service['DesiredCount'] ?? 2),
    taskVcpu: Number(task['Cpu'] ?? 0) / 1024,
    taskGb: Number(task['Memory'] ?? 0) / 1024,
    balancerAddresses: count(balancer['Subnets']) || count(balancer['SubnetMappings']),
    alarms: of('AWS::CloudWatch::Alarm').length,
    compositeAlarms: of('AWS::CloudWatch::CompositeAlarm').length,
    dashboards: of('AWS::CloudWatch::Dashboard').length,
    eventSources: of('AWS::Lambda::EventSourceMapping').length,
    schedulesPerHour: 60 * Math.max(1, of('AWS::Scheduler::Schedule').length),
    functionMemoryMb: Object.fromEntries(of('AWS::Lambda::Function').flatMap(memoryOf)),
  };
}

const count = (list: unknown): number => (Array.isArray(list) ? list.length : 0);

function memoryOf({ FunctionName, MemorySize }: Properties): [string, number][] {
  if (typeof FunctionName !== 'string') return [];
  return [[FunctionName.replace(/^[^-]+-/, ''), Number(MemorySize ?? 128)]];
}
