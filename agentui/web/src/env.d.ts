/// <reference types="vite/client" />
import 'vue';

// The hooks for outside tests, on native elements that a component makes.
declare module 'vue' {
  interface InputHTMLAttributes {
    [data: `data-${string}`]: string | undefined;
  }
}
