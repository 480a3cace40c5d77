// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {TestUSD} from "../../src/tokens/TestUSD.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";
import {ITestUSD} from "../utils/ITestUSD.sol";

/// @dev A wallet that accepts one digest only.
contract Wallet1271 {
    bytes32 internal immutable _accepted;

    constructor(bytes32 accepted) {
        _accepted = accepted;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        return digest == _accepted ? Wallet1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}

contract TestUSDTest is AgoraiTest {
    uint256 internal constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    bytes32 internal constant TRANSFER_TYPEHASH = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 internal constant CANCEL_TYPEHASH = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
    bytes32 internal constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 internal constant NONCE = keccak256("nonce");

    uint256 internal validBefore;

    function setUp() public override {
        super.setUp();
        validBefore = block.timestamp + 1 hours;
        token.mint(buyer, 1000);
    }

    function signTransfer(uint256 amount) internal view returns (Signed memory signed) {
        bytes32 structHash =
            keccak256(abi.encode(TRANSFER_TYPEHASH, buyer, ada, amount, uint256(0), validBefore, NONCE));
        (signed.v, signed.r, signed.s) = vm.sign(BUYER_KEY, digestOf(structHash));
    }

    function transferWith(bytes memory signature) internal {
        token.transferWithAuthorization(buyer, ada, 100, 0, validBefore, NONCE, signature);
    }

    function expectBadSignature(address signer) internal {
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_BadSignature.selector, signer));
    }

    function test_SaysWhatItIs() public view {
        assertTrue(keccak256(bytes(token.name())) == keccak256("Test USD (no value)"), "name");
        assertTrue(keccak256(bytes(token.symbol())) == keccak256("tUSD"), "symbol");
        assertTrue(keccak256(bytes(token.version())) == keccak256("1"), "version");
        assertEq(token.decimals(), 6, "decimals");
        assertTrue(token.DOMAIN_SEPARATOR() == domainOf("Test USD (no value)", address(token)), "domain");
    }

    function test_RevertWhen_TheChainIsNotLocal() public {
        bytes memory creation = vm.getCode("contracts/out/TestUSD.sol/TestUSD.json");
        uint256[3] memory chains = [uint256(1), 8453, 31338];
        for (uint256 i; i < chains.length; ++i) {
            vm.chainId(chains[i]);
            address made;
            bytes memory said = new bytes(36);
            assembly {
                made := create(0, add(creation, 0x20), mload(creation))
                returndatacopy(add(said, 0x20), 0, 36)
            }
            assertEq(made, address(0), "not created");
            bytes memory expected = abi.encodeWithSelector(TestUSD.TestUSD_ChainNotLocal.selector, chains[i]);
            assertTrue(keccak256(said) == keccak256(expected), "says why");
        }
    }

    /* EIP-3009 */

    function test_MovesTheMoneyOnce() public {
        Signed memory signed = signTransfer(100);
        vm.prank(relayer);
        token.transferWithAuthorization(buyer, ada, 100, 0, validBefore, NONCE, signed.v, signed.r, signed.s);
        assertEq(token.balanceOf(ada), 100, "payee");
        assertTrue(token.authorizationState(buyer, NONCE), "used");
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_AuthorizationUsed.selector, buyer, NONCE));
        transferWith(abi.encodePacked(signed.r, signed.s, signed.v));
    }

    function test_OnlyThePayeeMayReceive() public {
        Signed memory signed = signReceive(BUYER_KEY, ada, 100, validBefore, NONCE);
        bytes memory signature = abi.encodePacked(signed.r, signed.s, signed.v);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_CallerNotPayee.selector, relayer, ada));
        vm.prank(relayer);
        token.receiveWithAuthorization(buyer, ada, 100, 0, validBefore, NONCE, signature);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_CallerNotPayee.selector, relayer, ada));
        vm.prank(relayer);
        token.receiveWithAuthorization(buyer, ada, 100, 0, validBefore, NONCE, signed.v, signed.r, signed.s);
        vm.prank(ada);
        token.receiveWithAuthorization(buyer, ada, 100, 0, validBefore, NONCE, signed.v, signed.r, signed.s);
        assertEq(token.balanceOf(ada), 100, "payee");
    }

    function test_RevertWhen_AReceiptIsUsedAsATransfer() public {
        Signed memory signed = signReceive(BUYER_KEY, ada, 100, validBefore, NONCE);
        expectBadSignature(buyer);
        transferWith(abi.encodePacked(signed.r, signed.s, signed.v));
    }

    function test_ACanceledAuthorizationIsUsedUp() public {
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(BUYER_KEY, digestOf(keccak256(abi.encode(CANCEL_TYPEHASH, buyer, NONCE))));
        expectBadSignature(buyer);
        token.cancelAuthorization(buyer, keccak256("another nonce"), v, r, s);
        token.cancelAuthorization(buyer, NONCE, v, r, s);
        Signed memory signed = signTransfer(100);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_AuthorizationUsed.selector, buyer, NONCE));
        transferWith(abi.encodePacked(signed.r, signed.s, signed.v));
    }

    function test_RevertWhen_SIsHigh() public {
        Signed memory signed = signTransfer(100);
        bytes32 high = bytes32(ORDER - uint256(signed.s));
        uint8 flipped = signed.v ^ 7; // 27 and 28 change places.
        expectBadSignature(buyer);
        transferWith(abi.encodePacked(signed.r, high, flipped));
        expectBadSignature(buyer);
        token.transferWithAuthorization(buyer, ada, 100, 0, validBefore, NONCE, flipped, signed.r, high);
    }

    function test_RevertWhen_VIsNotStrict() public {
        Signed memory signed = signTransfer(100);
        uint8[5] memory values = [0, 1, signed.v - 27, 29, signed.v ^ 7];
        for (uint256 i; i < values.length; ++i) {
            expectBadSignature(buyer);
            transferWith(abi.encodePacked(signed.r, signed.s, values[i]));
        }
    }

    function test_RevertWhen_TheLengthIsNot65() public {
        Signed memory signed = signTransfer(100);
        bytes32 compact = bytes32(uint256(signed.s) | uint256(signed.v - 27) << 255);
        bytes[4] memory signatures = [
            abi.encodePacked(signed.r, compact),
            abi.encodePacked(signed.r, signed.s, signed.v, bytes1(0)),
            bytes(""),
            abi.encodePacked(signed.r, signed.s)
        ];
        for (uint256 i; i < signatures.length; ++i) {
            expectBadSignature(buyer);
            transferWith(signatures[i]);
        }
    }

    function test_RevertWhen_TheSignerIsZero() public {
        token.mint(address(0), 100);
        expectBadSignature(address(0));
        token.transferWithAuthorization(
            address(0),
            ada,
            100,
            0,
            validBefore,
            NONCE,
            abi.encodePacked(bytes32(uint256(1)), bytes32(uint256(1)), uint8(27))
        );
    }

    function test_RevertWhen_AnythingSignedIsChanged() public {
        Signed memory signed = signTransfer(100);
        bytes memory signature = abi.encodePacked(signed.r, signed.s, signed.v);
        expectBadSignature(buyer);
        token.transferWithAuthorization(buyer, boole, 100, 0, validBefore, NONCE, signature);
        expectBadSignature(buyer);
        token.transferWithAuthorization(buyer, ada, 101, 0, validBefore, NONCE, signature);
        expectBadSignature(buyer);
        token.transferWithAuthorization(buyer, ada, 100, 1, validBefore, NONCE, signature);
        expectBadSignature(buyer);
        token.transferWithAuthorization(buyer, ada, 100, 0, validBefore + 1, NONCE, signature);
        expectBadSignature(buyer);
        token.transferWithAuthorization(buyer, ada, 100, 0, validBefore, keccak256("other"), signature);
        expectBadSignature(boole);
        token.transferWithAuthorization(boole, ada, 100, 0, validBefore, NONCE, signature);
    }

    function test_RevertWhen_OnAnotherChainOrInAnotherCopy() public {
        Signed memory signed = signTransfer(100);
        bytes memory signature = abi.encodePacked(signed.r, signed.s, signed.v);
        vm.chainId(31338);
        expectBadSignature(buyer);
        transferWith(signature);
        vm.chainId(31337);
        bytes memory creation = codeOf("TestUSD");
        address copy;
        assembly ("memory-safe") {
            copy := create(0, add(creation, 0x20), mload(creation))
        }
        token = ITestUSD(copy);
        token.mint(buyer, 1000);
        expectBadSignature(buyer);
        transferWith(signature);
    }

    function test_RevertWhen_ItIsTooEarlyOrTooLate() public {
        Signed memory signed = signTransfer(100);
        bytes memory signature = abi.encodePacked(signed.r, signed.s, signed.v);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_AuthorizationNotYetValid.selector, block.timestamp));
        token.transferWithAuthorization(buyer, ada, 100, block.timestamp, validBefore, NONCE, signature);
        vm.warp(validBefore);
        vm.expectRevert(abi.encodeWithSelector(TestUSD.TestUSD_AuthorizationExpired.selector, validBefore));
        transferWith(signature);
        vm.warp(validBefore - 1);
        transferWith(signature);
        assertEq(token.balanceOf(ada), 100, "valid until the last second");
    }

    function test_AsksAContractThatPays() public {
        address wallet = address(new Wallet1271(0));
        bytes32 wanted =
            digestOf(keccak256(abi.encode(TRANSFER_TYPEHASH, wallet, ada, 100, uint256(0), validBefore, NONCE)));
        token.mint(wallet, 100);
        expectBadSignature(wallet);
        token.transferWithAuthorization(wallet, ada, 100, 0, validBefore, NONCE, "");
        vm.etch(wallet, address(new Wallet1271(wanted)).code);
        token.transferWithAuthorization(wallet, ada, 100, 0, validBefore, NONCE, "");
        assertEq(token.balanceOf(ada), 100, "payee");
    }

    /* EIP-2612 */

    function test_PermitsOnceAndRefusesAHighS() public {
        bytes32 structHash =
            keccak256(abi.encode(PERMIT_TYPEHASH, buyer, address(ledger), 500, token.nonces(buyer), validBefore));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BUYER_KEY, digestOf(structHash));
        expectBadSignature(buyer);
        token.permit(buyer, address(ledger), 500, validBefore, v ^ 7, r, bytes32(ORDER - uint256(s)));
        token.permit(buyer, address(ledger), 500, validBefore, v, r, s);
        assertEq(token.allowance(buyer, address(ledger)), 500, "allowance");
        vm.expectRevert(bytes4(keccak256("InvalidPermit()")));
        token.permit(buyer, address(ledger), 500, validBefore, v, r, s);
        vm.warp(validBefore + 1);
        vm.expectRevert(bytes4(keccak256("PermitExpired()")));
        token.permit(buyer, address(ledger), 500, validBefore, v, r, s);
    }
}
