CREATE TABLE "access_key" (
	"municipality_code" text NOT NULL,
	"access_key_id" text NOT NULL,
	"client_id" text NOT NULL,
	"name" text NOT NULL,
	"sha256" "bytea" NOT NULL,
	"scopes" text[] NOT NULL,
	"domains" text[],
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	CONSTRAINT "access_key_municipality_code_access_key_id_pk" PRIMARY KEY("municipality_code","access_key_id")
);
--> statement-breakpoint
CREATE TABLE "client" (
	"municipality_code" text NOT NULL,
	"client_id" text NOT NULL,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"contact" text NOT NULL,
	"scopes" text[] NOT NULL,
	"domains" text[],
	"status" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "client_municipality_code_client_id_pk" PRIMARY KEY("municipality_code","client_id")
);
--> statement-breakpoint
CREATE TABLE "client_key" (
	"municipality_code" text NOT NULL,
	"client_id" text NOT NULL,
	"key_id" text NOT NULL,
	"jwk" jsonb NOT NULL,
	"added_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "client_key_municipality_code_client_id_key_id_pk" PRIMARY KEY("municipality_code","client_id","key_id")
);
--> statement-breakpoint
CREATE TABLE "signing_key" (
	"key_id" text PRIMARY KEY NOT NULL,
	"public_jwk" jsonb NOT NULL,
	"sealed" "bytea" NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"used_from" timestamp with time zone NOT NULL,
	"revoked_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "used_assertion" (
	"municipality_code" text NOT NULL,
	"client_id" text NOT NULL,
	"jti" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "used_assertion_municipality_code_client_id_jti_pk" PRIMARY KEY("municipality_code","client_id","jti")
);
--> statement-breakpoint
ALTER TABLE "access_key" ADD CONSTRAINT "access_key_municipality_code_client_id_client_municipality_code_client_id_fk" FOREIGN KEY ("municipality_code","client_id") REFERENCES "public"."client"("municipality_code","client_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "client_key" ADD CONSTRAINT "client_key_municipality_code_client_id_client_municipality_code_client_id_fk" FOREIGN KEY ("municipality_code","client_id") REFERENCES "public"."client"("municipality_code","client_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "access_key_client" ON "access_key" USING btree ("municipality_code","client_id");--> statement-breakpoint
CREATE INDEX "used_assertion_expires_at" ON "used_assertion" USING btree ("expires_at");