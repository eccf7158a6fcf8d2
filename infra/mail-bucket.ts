/**
 * Everything that is stored as bytes, by prefix: `spool/` bodies as received (30 days), `envelopes/` and
 * `plans/` too large for a record, `kept/` bodies of held and dead mail (no expiry), `mailboxes/` the copies in
 * mail files, `settings/` one immutable object per published version, the current one and the last.
 */
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { allow, give, type Component } from './component.ts';

export type Prefix = 'spool' | 'kept' | 'mailboxes' | 'settings' | 'plans' | 'envelopes';

export class MailBucket extends Construct {
  readonly bucket: Bucket;

  constructor(scope: Construct, stackName: string) {
    super(scope, 'MailBucket');
    this.bucket = new Bucket(this, 'Bucket', {
      bucketName: `${stackName}-mail-${Aws.ACCOUNT_ID}-${Aws.REGION}`,
      encryption: BucketEncryption.S3_MANAGED,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        ...(['spool', 'envelopes', 'plans'] as const).map((prefix) => ({
          id: `${prefix}-expires`,
          prefix: `${prefix}/`,
          expiration: Duration.days(30),
        })),
        { id: 'incomplete-uploads', abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
    });
  }

  /** S3 says "no such key" only to those who may list; to others a missing body looks like a refused one. */
  grantRead(component: Component, prefixes: readonly Prefix[]): void {
    give(component, 'bucket', this.bucket.bucketName);
    allow(component, { actions: ['s3:GetObject'], resources: this.under(prefixes) });
    allow(component, { actions: ['s3:ListBucket'], resources: [this.bucket.bucketArn] });
  }

  grantWrite(component: Component, prefixes: readonly Prefix[]): void {
    give(component, 'bucket', this.bucket.bucketName);
    allow(component, { actions: ['s3:PutObject'], resources: this.under(prefixes) });
  }

  /** Large bodies go up in parts; an upload that fails half way is taken back. */
  grantUpload(component: Component, prefixes: readonly Prefix[]): void {
    this.grantWrite(component, prefixes);
    allow(component, { actions: ['s3:AbortMultipartUpload'], resources: this.under(prefixes) });
  }

  grantDelete(component: Component, prefixes: readonly Prefix[]): void {
    allow(component, { actions: ['s3:DeleteObject'], resources: this.under(prefixes) });
  }

  private under(prefixes: readonly Prefix[]): string[] {
    return prefixes.map((prefix) => this.bucket.arnForObjects(`${prefix}/*`));
  }
}
