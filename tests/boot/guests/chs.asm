; A guest that knows its disk by cylinders, heads and sectors alone, as DOS does. It asks the BIOS for the geometry that
; it has for the disk, reads the sector 3/5/7, tells whether it is the one that was put there, counts its starts in it,
; and switches the machine off. All it says goes to the first serial port.
bits 16
org 0x7c00
start:
    cli
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, 0x7c00
    sti
    mov [drive], dl
    mov si, t_head
    call print
    mov ah, 0x08
    mov dl, [drive]
    xor di, di
    int 0x13
    push ds
    pop es
    jc bad
    mov al, dh
    inc al
    push cx
    call hex
    mov si, t_sectors
    call print
    pop ax
    and al, 63
    call hex
    mov si, t_result
    call print
    mov bx, 0x8000
    mov ax, 0x0201
    call disk
    jc bad
    mov si, 0x8000
    mov di, mark
    mov cx, 8
    repe cmpsb
    mov si, t_wrong
    jne end
    mov si, t_ok
    call print
    inc byte [0x8000 + 8]
    mov al, [0x8000 + 8]
    call hex
    mov ax, 0x0301
    mov bx, 0x8000
    call disk
    mov si, t_written
    jnc end
bad:
    mov si, t_error
end:
    call print
    mov dx, 0x604
    mov ax, 0x2000
    out dx, ax
    hlt
disk:
    mov cx, 0x0307
    mov dh, 5
    mov dl, [drive]
    int 0x13
    ret
print:
    lodsb
    test al, al
    jz .done
    call put
    jmp print
.done:
    ret
hex:
    push ax
    shr al, 4
    call .digit
    pop ax
    and al, 15
.digit:
    add al, '0'
    cmp al, '9'
    jbe put
    add al, 'a' - '9' - 1
put:
    push dx
    push ax
    mov dx, 0x3fd
.wait:
    in al, dx
    test al, 0x20
    jz .wait
    pop ax
    mov dx, 0x3f8
    out dx, al
    pop dx
    ret
drive: db 0
mark: db "CHS 3/5/"
t_head: db 10, "GUEST heads=", 0
t_sectors: db 10, "GUEST sectors=", 0
t_result: db 10, "GUEST result=", 0
t_ok: db "ok", 10, "GUEST starts=", 0
t_written: db 10, "GUEST end=off", 10, 0
t_wrong: db "wrong-sector", 10, "GUEST end=off", 10, 0
t_error: db "read-error", 10, "GUEST end=off", 10, 0
    times 446 - ($ - $$) db 0
    times 64 db 0
    dw 0xaa55
