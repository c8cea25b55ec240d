/*
 * The INTx pin of a PCI Express port
 *
 * Hot-plug and error reporting share the pin. If each drove it from its own
 * state alone, the one would take the interrupt of the other away.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/pci/msi.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_intx.h"

#define PIN_INTD 4

static bool no_msi_target;

void pcie_no_msi_target(void)
{
    no_msi_target = true;
}

void pcie_port_init_intx(PCIDevice *dev)
{
    if (no_msi_target || !msi_nonbroken) {
        pci_config_set_interrupt_pin(dev->config, PIN_INTD);
    }
}

/* A root port sees an error for which interrupts are enabled. */
static bool root_error(PCIDevice *dev)
{
    static const struct {
        uint32_t enable, status;
    } errors[] = {
        { PCI_ERR_ROOT_CMD_COR_EN, PCI_ERR_ROOT_COR_RCV },
        { PCI_ERR_ROOT_CMD_NONFATAL_EN, PCI_ERR_ROOT_NONFATAL_RCV },
        { PCI_ERR_ROOT_CMD_FATAL_EN, PCI_ERR_ROOT_FATAL_RCV },
    };
    uint8_t *aer = dev->config + dev->exp.aer_cap;
    uint32_t cmd, status;

    if (!dev->exp.aer_cap ||
        pcie_cap_get_type(dev) != PCI_EXP_TYPE_ROOT_PORT) {
        return false;
    }
    cmd = pci_get_long(aer + PCI_ERR_ROOT_COMMAND);
    status = pci_get_long(aer + PCI_ERR_ROOT_STATUS);
    for (unsigned i = 0; i < ARRAY_SIZE(errors); i++) {
        if ((cmd & errors[i].enable) && (status & errors[i].status)) {
            return true;
        }
    }
    return false;
}

void pcie_update_intx(PCIDevice *dev)
{
    pci_set_irq(dev, dev->exp.hpev_notified || root_error(dev));
}
